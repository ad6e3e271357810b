namespace Relay.Lab.PolicyHosts;

/// <summary>One request as it arrived.</summary>
/// <param name="ServerName">The name in the client hello; empty for none.</param>
/// <param name="Method">The method.</param>
/// <param name="Path">The request target.</param>
/// <param name="Headers">The header fields; names compare without case.</param>
public sealed record PolicyHostRequest(
    string ServerName, string Method, string Path, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The Host field without a port; empty for none.</summary>
    public string Host => Headers.TryGetValue("Host", out var host) ? host.Split(':')[0] : string.Empty;

    internal static PolicyHostRequest Read(string serverName, string header)
    {
        var lines = header.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var first = lines[0].Split(' ');
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            fields[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return new PolicyHostRequest(serverName, first[0], first.ElementAtOrDefault(1) ?? string.Empty, fields);
    }
}
