using System.Globalization;

namespace Relay.Mail;

/// <summary>
/// An enhanced status code, <c>class.subject.detail</c> (RFC 3463 §2). The default value, 0.0.0, is no code at all.
/// </summary>
/// <param name="Class">2, 4 or 5.</param>
/// <param name="Subject">0 to 999.</param>
/// <param name="Detail">0 to 999.</param>
public readonly record struct EnhancedStatusCode(int Class, int Subject, int Detail)
{
    /// <summary>True for the default value.</summary>
    public bool IsNone => Class == 0;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Class}.{Subject}.{Detail}");
}
