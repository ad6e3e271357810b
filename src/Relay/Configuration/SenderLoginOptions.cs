namespace Relay.Configuration;

/// <summary>One entry of <c>Relay:SenderLogins</c>.</summary>
internal sealed class SenderLoginOptions
{
    /// <summary>The account's name.</summary>
    public string Login { get; init; } = string.Empty;

    /// <summary>The reverse-paths it may use: <c>user@example.com</c>, <c>@example.com</c> or <c>*</c>.</summary>
    public IReadOnlyList<string>? Addresses { get; init; }
}
