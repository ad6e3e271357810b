using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Delivery.Routing;
using Relay.Smtp.Server;

namespace Relay.Reception;

/// <summary>What keeps clients within bounds, over all listeners.</summary>
internal sealed class ReceptionLimits
{
    private readonly IDestinationCheck _destinations;
    private readonly TokenBuckets? _messages;
    private readonly int _perMinute;

    public ReceptionLimits(
        IOptions<RelayOptions> options,
        ConnectionLimiter connections,
        IDestinationCheck destinations,
        TimeProvider clock,
        ILogger<ReceptionLimits> logger)
    {
        Connections = connections;
        Logger = new ClientLogger(logger, clock);
        _destinations = destinations;
        _perMinute = options.Value.MaxMessagesPerMinute;
        _messages = _perMinute > 0 ? new TokenBuckets(_perMinute, _perMinute, clock) : null;
    }

    public ConnectionLimiter Connections { get; }

    /// <summary>For all that is said of clients; what is said of accepted messages does not go here.</summary>
    public ILogger Logger { get; }

    /// <summary>Adds to who may send what holds for everybody who may.</summary>
    public IMailboxPolicy Guard(IMailboxPolicy policy)
    {
        IMailboxPolicy guarded = new DestinationPolicy(policy, _destinations, Logger);
        return _messages is null ? guarded : new RateLimitedPolicy(guarded, _messages, _perMinute, Logger);
    }
}
