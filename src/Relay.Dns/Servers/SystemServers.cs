using System.Net;
using Microsoft.Extensions.Logging;

namespace Relay.Dns.Servers;

/// <summary>The machine's own list of name servers, read again when the file changes.</summary>
internal sealed class SystemServers(ILogger<SystemServers> logger, string path = "/etc/resolv.conf")
{
    // resolv.conf(5): without a nameserver line, the one on this machine.
    private static readonly IReadOnlyList<IPEndPoint> OnThisMachine = [new IPEndPoint(IPAddress.Loopback, 53)];

    private readonly Lock _gate = new();
    private (DateTime Written, long Length)? _version;
    private IReadOnlyList<IPEndPoint> _servers = OnThisMachine;

    /// <summary>The servers as the file names them now; the same list as before while the file is the same.</summary>
    public IReadOnlyList<IPEndPoint> Current
    {
        get
        {
            lock (_gate)
            {
                var file = new FileInfo(path);
                var version = file.Exists ? (file.LastWriteTimeUtc, file.Length) : (DateTime.MinValue, -1L);
                if (version != _version)
                {
                    _version = version;
                    Read();
                }

                return _servers;
            }
        }
    }

    private void Read()
    {
        try
        {
            var read = ResolvConf.Parse(File.ReadAllText(path));
            _servers = read.Count == 0 ? OnThisMachine : read;
            var names = string.Join(' ', _servers);
            logger.SystemServersRead(names);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Whoever rewrites the file may have it half done or gone: the servers known so far go on.
            var names = string.Join(' ', _servers);
            logger.SystemServersUnreadable(failure.Message, names);
        }
    }
}
