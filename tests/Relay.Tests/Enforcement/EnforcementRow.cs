using System.Text.Json;

namespace Relay.Tests.Enforcement;

/// <summary>A row of cert-result.json, the enforcement table.</summary>
internal sealed class EnforcementRow
{
    public static readonly string[] Modes = ["enforce", "testing", "none", "no_policy"];

    private readonly JsonElement _row;

    private EnforcementRow(JsonElement row) => _row = row;

    public static IReadOnlyList<EnforcementRow> All { get; } = ReadAll();

    public string Event => Text("event")!;

    public string Scope => Text("scope")!;

    /// <summary>The enhanced status of what is deferred or bounced; null where the table leaves it open.</summary>
    public string? Status => Text("status");

    /// <summary>The failure's words in reports: its type, and the types that stand beside it.</summary>
    public IReadOnlyList<string> ResultTypes =>
        [Text("result_type")!, .. _row.TryGetProperty("additional_result_types", out var more) ? more.EnumerateArray().Select(type => type.GetString()!) : []];

    public string? ReasonCode => Text("failure_reason_code");

    public static EnforcementRow Of(string name) => All.Single(row => row.Event == name);

    /// <summary>Every row so, once for each column that can occur.</summary>
    public static TheoryData<string, string> Cases(Predicate<EnforcementRow> isWanted) =>
        [.. from row in All
            where isWanted(row)
            from mode in Modes
            where row.Outcome(mode) != "not-applicable"
            select new TheoryDataRow<string, string>(row.Event, mode)];

    public string Outcome(string mode) => Text(mode)!;

    public string Count(string mode) => _row.GetProperty("counts").GetProperty(mode).GetString()!;

    /// <summary>A domain of this row's and column's own.</summary>
    public string Domain(string mode) =>
        $"{Event.Replace('.', '-')}.{mode.Replace('_', '-')}.test";

    private string? Text(string name) => _row.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static List<EnforcementRow> ReadAll()
    {
        using var table = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "cert-result.json")));
        return [.. table.RootElement.EnumerateArray().Select(row => new EnforcementRow(row.Clone()))];
    }
}
