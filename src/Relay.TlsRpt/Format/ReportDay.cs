using System.Globalization;

namespace Relay.TlsRpt.Format;

/// <summary>UTC days as the store writes them.</summary>
internal static class ReportDay
{
    private const string Format = "yyyy-MM-dd";

    public static DateOnly Of(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);

    public static string Text(this DateOnly day) => day.ToString(Format, CultureInfo.InvariantCulture);

    public static DateOnly Parse(string text) => DateOnly.ParseExact(text, Format, CultureInfo.InvariantCulture);

    /// <summary>The first moment of the day.</summary>
    public static DateTimeOffset Start(this DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
