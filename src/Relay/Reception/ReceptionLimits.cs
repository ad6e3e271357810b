using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Delivery.Routing;
using Relay.Smtp.Server;

namespace Relay.Reception;

/// <summary>What keeps clients within bounds, over all listeners.</summary>
internal sealed class ReceptionLimits
{
    private readonly IKnownNullMx _nullMx;
    private readonly TokenBuckets? _messages;
    private readonly int _perMinute;

    public ReceptionLimits(
        IOptions<RelayOptions> options,
        ConnectionLimiter connections,
        IKnownNullMx nullMx,
        TimeProvider clock,
        ILogger<ReceptionLimits> logger)
    {
        Connections = connections;
        Logger = new ClientLogger(logger, clock);
        _nullMx = nullMx;
        _perMinute = options.Value.MaxMessagesPerMinute;
        _messages = _perMinute > 0 ? new TokenBuckets(_perMinute, _perMinute, clock) : null;
    }

    public ConnectionLimiter Connections { get; }

    /// <summary>For all that is said of clients; what is said of accepted messages does not go here.</summary>
    public ILogger Logger { get; }

    /// <summary>Adds to who may send what holds for everybody who may.</summary>
    public IMailboxPolicy Guard(IMailboxPolicy policy)
    {
        IMailboxPolicy guarded = new NullMxPolicy(policy, _nullMx, Logger);
        return _messages is null ? guarded : new RateLimitedPolicy(guarded, _messages, _perMinute, Logger);
    }
}
