using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Dns.Messages;
using Relay.Dns.Servers;
using Relay.Dns.Transport;

namespace Relay.Dns;

/// <summary>
/// Asks the servers one after the other until one says something about the name. The policy of failures:
/// a server that is silent or refuses is set aside, so that the next lookups ask the others first; one that fails for
/// this name (SERVFAIL, a malformed answer) is followed by the next and keeps its place. Only silence is asked again
/// (a datagram may be lost); a failure that was answered is an answer.
/// </summary>
internal sealed class Lookup(
    IOptions<DnsOptions> options, ServerList servers, TimeProvider clock, ILogger<Lookup> logger)
{
    private readonly DnsOptions _options = options.Value;

    public async Task<ServerReply> AskAsync(DnsQuestion question, CancellationToken cancellationToken)
    {
        var status = DnsStatus.Timeout;
        var failures = new List<string>();
        var candidates = servers.InOrder();
        for (var attempt = 1; attempt <= _options.Attempts && candidates.Count > 0; attempt++)
        {
            var silent = new List<NameServer>();
            foreach (var server in candidates)
            {
                var exchange = await ServerExchange.AskAsync(
                    server, question, _options.Timeout, clock, cancellationToken);
                if (exchange is Exchange.Answered { Message: var message } && SaysSomething(message))
                {
                    server.Restore();
                    return new ServerReply(
                        message, message.ClaimsAuthentic && server.IsTrusted, default, $"answered by {server.Address}");
                }

                var (failure, reason) = Judge(exchange);
                status = failure is DnsStatus.Timeout ? status : failure;
                NoteFailure(server, exchange, reason);
                if (exchange is Exchange.Silent)
                {
                    silent.Add(server);
                }

                if (exchange is not Exchange.Silent || attempt == 1)
                {
                    failures.Add($"{server.Address}: {reason}");
                }
            }

            candidates = silent;
        }

        return new ServerReply(null, IsAuthenticated: false, status, string.Join("; ", failures));
    }

    // RFC 2308 §2.2: no records and NS without SOA is a referral: this server does not recurse, and proves no absence.
    private static bool SaysSomething(DnsMessage message) =>
        message.Code == ResponseCode.NameError
        || (message.Code == ResponseCode.NoError && !message.IsReferral);

    private static (DnsStatus Status, string Reason) Judge(Exchange exchange) => exchange switch
    {
        Exchange.Silent silent => (DnsStatus.Timeout, silent.Reason),
        Exchange.Malformed => (DnsStatus.Malformed, "malformed answer"),
        Exchange.Answered { Message.Code: ResponseCode.NoError } =>
            (DnsStatus.ServerFailure, "referral instead of an answer"),
        Exchange.Answered answered => (DnsStatus.ServerFailure, ResponseCode.NameOf(answered.Message.Code)),
        _ => throw new UnreachableException(),
    };

    private void NoteFailure(NameServer server, Exchange exchange, string reason)
    {
        var isServersOwn = exchange is Exchange.Silent or Exchange.Answered { Message.Code: ResponseCode.Refused };
        if (isServersOwn && server.SetAside(clock))
        {
            logger.ServerSetAside(server.Address, reason);
        }
    }
}
