namespace Relay.Configuration;

/// <summary>A setting that the relay takes, and that is seldom meant.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Value">Its value.</param>
/// <param name="Text">What it does, and what to do about it.</param>
internal sealed record ConfigurationWarning(string Key, string Value, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key}: \"{Value}\" {Text}";
}
