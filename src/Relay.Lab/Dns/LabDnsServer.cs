using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Relay.Lab.Dns;

/// <summary>
/// A name server on an ephemeral loopback port, the same for UDP and TCP. It answers from <see cref="Zone"/> unless a
/// fault is set, and keeps every query in <see cref="Queries"/>.
/// </summary>
public sealed class LabDnsServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<(string? Name, LabDnsType Type), PlannedFault> _faults = new();
    private readonly RunningTasks _running = new();
    private readonly Socket _udp;
    private readonly Socket _tcp;

    private LabDnsServer(Socket udp, Socket tcp)
    {
        (_udp, _tcp) = (udp, tcp);
        EndPoint = (IPEndPoint)tcp.LocalEndPoint!;
        _running.Add(ServeUdpAsync(_stopping.Token));
        _running.Add(ServeTcpAsync(_stopping.Token));
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>
    /// The address as the option <c>Dns:Servers</c> takes it: <c>127.0.0.1:53124</c> or <c>[::1]:53124</c>.
    /// </summary>
    public string Address => EndPoint.ToString();

    /// <summary>What it answers.</summary>
    public LabZone Zone { get; } = new();

    /// <summary>What it was asked.</summary>
    public LabDnsLog Queries { get; } = new();

    /// <summary>Sets the AD bit in answers from the zone.</summary>
    public bool Authenticates { get; set; }

    /// <summary>Puts whole alias chains into one answer; otherwise only the first CNAME. On at the start.</summary>
    public bool FollowsAliases { get; set; } = true;

    /// <summary>Knows EDNS(0); otherwise answers FORMERR to it (RFC 6891 §7). On at the start.</summary>
    public bool UnderstandsEdns { get; set; } = true;

    /// <summary>Leaves the SOA record out of negative answers.</summary>
    public bool OmitsSoa { get; set; }

    /// <summary>Starts a server, by default on 127.0.0.1.</summary>
    public static LabDnsServer Start(IPAddress? address = null)
    {
        address ??= IPAddress.Loopback;
        while (true)
        {
            var tcp = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            tcp.Bind(new IPEndPoint(address, 0));
            tcp.Listen();
            var udp = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                udp.Bind(tcp.LocalEndPoint!);
                return new LabDnsServer(udp, tcp);
            }
            catch (SocketException failure) when (failure.SocketErrorCode is SocketError.AddressAlreadyInUse)
            {
                // The kernel chose a TCP port whose UDP twin is taken: take another pair.
                tcp.Dispose();
                udp.Dispose();
            }
        }
    }

    /// <summary>
    /// Makes queries for a name and type fail so, the first <paramref name="times"/> of them.
    /// <see cref="LabDnsType.None"/> means every type; a null name every name.
    /// </summary>
    public LabDnsServer SetFault(string? name, LabDnsType type, LabDnsFault fault, int times = int.MaxValue)
    {
        _faults[(name is null ? null : LabZone.Canonical(name), type)] = new PlannedFault(fault, times);
        return this;
    }

    /// <summary>Answers from the zone alone again.</summary>
    public LabDnsServer ClearFaults()
    {
        _faults.Clear();
        return this;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await _running.WhenAllEndedAsync();
        _stopping.Dispose();
    }

    private async Task ServeUdpAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[65_535];
        var anyone = new IPEndPoint(
            _udp.AddressFamily is AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            var received = await _udp.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, anyone, cancellationToken);
            var source = (IPEndPoint)received.RemoteEndPoint;
            if (LabDnsQuery.Read(buffer.AsMemory(0, received.ReceivedBytes).ToArray(), overTcp: false, source) is { } query)
            {
                var answered = AnswerAsync(query, SendAsync, cancellationToken);
                if (!answered.IsCompletedSuccessfully)
                {
                    _running.Add(answered);
                }
            }

            ValueTask<int> SendAsync(byte[] answer) =>
                _udp.SendToAsync(answer, SocketFlags.None, source, cancellationToken);
        }
    }

    private async Task ServeTcpAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            _running.Add(ServeConnectionAsync(await _tcp.AcceptAsync(cancellationToken), cancellationToken));
        }
    }

    private async Task ServeConnectionAsync(Socket connection, CancellationToken cancellationToken)
    {
        using var stream = new NetworkStream(connection, ownsSocket: true);
        var source = (IPEndPoint)connection.RemoteEndPoint!;
        var length = new byte[2];
        while (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, cancellationToken) == 2)
        {
            var message = new byte[(length[0] << 8) | length[1]];
            await stream.ReadExactlyAsync(message, cancellationToken);
            var query = LabDnsQuery.Read(message, overTcp: true, source);
            if (query is null || !await AnswerAsync(query, SendAsync, cancellationToken))
            {
                return;
            }
        }

        async ValueTask<int> SendAsync(byte[] answer)
        {
            byte[] framed = [(byte)(answer.Length >> 8), (byte)answer.Length, .. answer];
            await stream.WriteAsync(framed, cancellationToken);
            return answer.Length;
        }
    }

    /// <summary>Answers; false when the connection is to be closed instead.</summary>
    private async Task<bool> AnswerAsync(
        LabDnsQuery query, Func<byte[], ValueTask<int>> sendAsync, CancellationToken cancellationToken)
    {
        Queries.Add(query);
        switch (FaultFor(query))
        {
            case LabDnsFault.Silence:
                return true;
            case LabDnsFault.Dropped:
                return false;
            case LabDnsFault.Code code:
                await sendAsync(LabDnsAnswers.Empty(query, code.Value));
                return true;
            case LabDnsFault.Truncated when !query.OverTcp:
                await sendAsync(LabDnsAnswers.Truncated(query));
                return true;
            case LabDnsFault.Damaged damaged:
                await sendAsync(LabDnsAnswers.Damaged(LabDnsAnswers.True(this, query), query, damaged.Damage));
                return true;
            case LabDnsFault.Custom custom:
                await sendAsync(custom.Answer(query));
                return true;
            case LabDnsFault.Held held:
                await held.Until.WaitAsync(cancellationToken);
                break;
            case LabDnsFault.Forged forged when !query.OverTcp:
                await ForgeAsync(query, forged.Forgery, sendAsync);
                if (!forged.ThenTruth)
                {
                    return true;
                }

                break;
            default:
                break;
        }

        await sendAsync(LabDnsAnswers.True(this, query));
        return true;
    }

    private async Task ForgeAsync(LabDnsQuery query, LabDnsForgery forgery, Func<byte[], ValueTask<int>> sendAsync)
    {
        var answer = LabDnsAnswers.Forged(query, forgery);
        if (forgery is not (LabDnsForgery.WrongPort or LabDnsForgery.WrongAddress))
        {
            await sendAsync(answer);
            return;
        }

        using var elsewhere = new Socket(_udp.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        elsewhere.Bind(forgery is LabDnsForgery.WrongPort
            ? new IPEndPoint(EndPoint.Address, 0)
            : new IPEndPoint(IPAddress.Parse("127.0.0.2"), EndPoint.Port));
        await elsewhere.SendToAsync(answer, SocketFlags.None, query.Source);
    }

    private LabDnsFault? FaultFor(LabDnsQuery query)
    {
        ReadOnlySpan<(string?, LabDnsType)> keys =
            [(query.Name, query.Type), (query.Name, LabDnsType.None), (null, query.Type), (null, LabDnsType.None)];
        foreach (var key in keys)
        {
            if (_faults.TryGetValue(key, out var planned) && planned.Take())
            {
                return planned.Fault;
            }
        }

        return null;
    }

    private sealed class PlannedFault(LabDnsFault fault, int times)
    {
        private int _left = times;

        public LabDnsFault Fault => fault;

        public bool Take() => Interlocked.Decrement(ref _left) >= 0;
    }
}
