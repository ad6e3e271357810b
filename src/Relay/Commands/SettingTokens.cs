using System.CommandLine.Parsing;

namespace Relay.Commands;

/// <summary>Settings behind a command (<c>--Section:Key value</c>), where an argument may be left out.</summary>
internal static class SettingTokens
{
    /// <summary>Takes a word for an optional argument. A setting is none; left alone, it is found among the settings.</summary>
    public static string? Leave(ArgumentResult argument)
    {
        if (argument.Tokens[0].Value is var text && !text.StartsWith("--", StringComparison.Ordinal))
        {
            return text;
        }

        argument.OnlyTake(0);
        return null;
    }
}
