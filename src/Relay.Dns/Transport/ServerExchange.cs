using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Relay.Dns.Messages;
using Relay.Dns.Servers;

namespace Relay.Dns.Transport;

/// <summary>
/// Asks one server one question, within one time limit: over UDP with EDNS(0), without it when the server does not know
/// it, over TCP when the answer does not fit.
/// </summary>
internal static class ServerExchange
{
    public static async Task<Exchange> AskAsync(
        NameServer server, DnsQuestion question, TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(limit, clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            var exchange = await AskAsync(server, question, withEdns: true, linked.Token);

            // RFC 6891 §7: FORMERR is what a server says that does not know EDNS(0); it is asked again without.
            return exchange is Exchange.Answered { Message.Code: ResponseCode.FormatError }
                ? await AskAsync(server, question, withEdns: false, linked.Token)
                : exchange;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Exchange.Silent(
                string.Create(CultureInfo.InvariantCulture, $"no answer within {limit.TotalSeconds:0.###} s"));
        }
        catch (SocketException failure)
        {
            return new Exchange.Silent(
                failure.SocketErrorCode is SocketError.ConnectionRefused ? "connection refused" : failure.Message);
        }
    }

    private static async Task<Exchange> AskAsync(
        NameServer server, DnsQuestion question, bool withEdns, CancellationToken cancellationToken)
    {
        var overUdp = NewQuery(server, question, withEdns);
        var reply = await UdpTransport.AskAsync(server.Address, overUdp, cancellationToken);
        if (reply is { IsOversize: true } or { Message.IsTruncated: true })
        {
            // RFC 7766 §5: the whole answer is to be had over TCP. A new id, since the old one has been in the open.
            reply = await TcpTransport.AskAsync(
                server.Address, NewQuery(server, question, withEdns), cancellationToken);
        }

        return reply switch
        {
            { Outcome: ParseOutcome.Parsed, Message: { IsTruncated: false } message } => new Exchange.Answered(message),

            // What says TC over TCP too will never be whole.
            { Outcome: ParseOutcome.Parsed or ParseOutcome.Malformed } => new Exchange.Malformed(),
            { Outcome: ParseOutcome.NotOurs } => new Exchange.Silent("connection closed without an answer"),
            _ => throw new UnreachableException(),
        };
    }

    // RFC 5452 §9.2: the id comes from a generator that cannot be predicted.
    private static DnsQuery NewQuery(NameServer server, DnsQuestion question, bool withEdns)
    {
        Span<byte> id = stackalloc byte[2];
        RandomNumberGenerator.Fill(id);
        return new DnsQuery((ushort)((id[0] << 8) | id[1]), question, withEdns, server.IsTrusted);
    }
}
