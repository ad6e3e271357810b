using System.Net;

namespace Relay.Dns.Servers;

/// <summary>
/// Reads resolv.conf(5): its name servers, in order. Other lines do not concern a relay, which asks for full names.
/// </summary>
internal static class ResolvConf
{
    private const string Keyword = "nameserver";
    private const int DnsPort = 53;

    public static IReadOnlyList<IPEndPoint> Parse(ReadOnlySpan<char> text)
    {
        var servers = new List<IPEndPoint>();
        foreach (var line in text.EnumerateLines())
        {
            if (!line.StartsWith(Keyword, StringComparison.Ordinal))
            {
                continue;
            }

            // The keyword starts the line, blanks or tabs follow it, and whatever stands behind the address is ignored.
            var value = line[Keyword.Length..];
            var trimmed = value.TrimStart();
            var end = trimmed.IndexOfAny(" \t#;");
            var address = end < 0 ? trimmed : trimmed[..end];
            if (trimmed.Length < value.Length && IPAddress.TryParse(address, out var server))
            {
                servers.Add(new IPEndPoint(server, DnsPort));
            }
        }

        return servers;
    }
}
