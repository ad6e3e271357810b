using System.Net;
using System.Security.Authentication;

namespace Relay.Lab.Mx;

/// <summary>What an MX host saw of one connection; grows while it lasts.</summary>
public sealed class MxConnection
{
    private readonly Lock _gate = new();
    private readonly List<MxCommand> _commands = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal MxConnection(int number, IPEndPoint remote)
    {
        Number = number;
        Remote = remote;
    }

    /// <summary>Counted from 1, in the order of arrival.</summary>
    public int Number { get; }

    /// <summary>The client's address.</summary>
    public IPEndPoint Remote { get; }

    /// <summary>The server name in the ClientHello; empty when there was none, null before a ClientHello.</summary>
    public string? ServerName { get; internal set; }

    /// <summary>The TLS version reached; none in clear.</summary>
    public SslProtocols TlsVersion { get; internal set; }

    /// <summary>Why the handshake failed on this side; null when it did not.</summary>
    public string? HandshakeError { get; internal set; }

    /// <summary>Octets that had arrived in clear behind STARTTLS before it was answered.</summary>
    public int OctetsBehindStartTls { get; internal set; }

    /// <summary>The client's commands so far.</summary>
    public IReadOnlyList<MxCommand> Commands
    {
        get
        {
            lock (_gate)
            {
                return [.. _commands];
            }
        }
    }

    /// <summary>The lines of <see cref="Commands"/>.</summary>
    public IReadOnlyList<string> Lines => [.. Commands.Select(c => c.Line)];

    /// <summary>Completes when the connection has ended on this side.</summary>
    public Task Ended => _ended.Task;

    internal void Add(MxCommand command)
    {
        lock (_gate)
        {
            _commands.Add(command);
        }
    }

    internal void End() => _ended.TrySetResult();
}
