using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Queue;
using Relay.Reception.Spooling;

namespace Relay.Reception;

/// <summary>What every listener shares.</summary>
internal sealed class ReceptionDependencies(
    IOptions<RelayOptions> options, IMailQueue queue, Spool spool, TimeProvider clock, ILogger<ReceptionDependencies> logger)
{
    public RelayOptions Options { get; } = options.Value;

    public IMailQueue Queue { get; } = queue;

    public Spool Spool { get; } = spool;

    public TimeProvider Clock { get; } = clock;

    public ILogger Logger { get; } = logger;
}
