using System.Collections.Concurrent;
using System.Text;

namespace Relay.Logging;

/// <summary>
/// Turns the placeholder names of log templates into the keys of the log: <c>StsId</c> into <c>sts-id</c>.
/// </summary>
internal static class LogKeys
{
    private static readonly ConcurrentDictionary<string, string> Known = new();

    public static string Of(string placeholder) => Known.GetOrAdd(placeholder, static name =>
    {
        var key = new StringBuilder(name.Length + 4);
        foreach (var character in name)
        {
            if (char.IsAsciiLetterUpper(character) && key.Length > 0)
            {
                key.Append('-');
            }

            key.Append(char.ToLowerInvariant(character));
        }

        return key.ToString();
    });
}
