using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Relay.Delivery;
using Relay.Delivery.Routing;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests;

/// <summary>
/// A pipeline whose outcomes a test decides, and a router with one site per destination. Attempts show up on a channel.
/// </summary>
internal sealed class FakePipeline : IDeliveryPipeline, IRouter
{
    private readonly Channel<DeliveryAttempt> _attempts = Channel.CreateUnbounded<DeliveryAttempt>();

    public static DeliveryOutcome Delivered { get; } = new DeliveryOutcome.Delivered(
        new Reply(250, new EnhancedStatusCode(2, 0, 0), "Ok"), new HopFacts("mx.test", IPAddress.Loopback, null));

    public static DeliveryOutcome Deferred { get; } = Fail("mx-reply", 4);

    public static DeliveryOutcome Unreachable { get; } = Fail("connect-failed", 4);

    public static DeliveryOutcome Bounced { get; } =
        new DeliveryOutcome.Bounced(new DeliveryFailure("mx-reply", new EnhancedStatusCode(5, 1, 1), "No such user"));

    /// <summary>What each recipient gets.</summary>
    public Func<DeliveryAttempt, RcptTo, DeliveryOutcome> Outcome { get; set; } = (_, _) => Delivered;

    /// <summary>What an attempt waits for before it ends.</summary>
    public Func<DeliveryAttempt, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What a look-up of a route waits for before it ends.</summary>
    public Func<string, CancellationToken, Task> BeforeRoute { get; set; } = (_, _) => Task.CompletedTask;

    public ConcurrentDictionary<string, int> MostAtOnce { get; } = new();

    private ConcurrentDictionary<string, int> Active { get; } = new();

    public async Task DeliverAsync(DeliveryAttempt attempt, CancellationToken cancellationToken)
    {
        var active = Active.AddOrUpdate(attempt.Destination.Key, 1, (_, count) => count + 1);
        MostAtOnce.AddOrUpdate(attempt.Destination.Key, active, (_, most) => Math.Max(most, active));
        try
        {
            await _attempts.Writer.WriteAsync(attempt, cancellationToken);
            await Before(attempt, cancellationToken);
            foreach (var recipient in attempt.Recipients)
            {
                recipient.Outcome = Outcome(attempt, recipient.Envelope);
            }
        }
        finally
        {
            Active.AddOrUpdate(attempt.Destination.Key, 0, (_, count) => count - 1);
        }
    }

    public async ValueTask<RouteResult> RouteAsync(MailDomain destination, CancellationToken cancellationToken)
    {
        await BeforeRoute(destination.Key, cancellationToken);
        return new RouteResult.Found([], null, destination.Key);
    }

    /// <summary>The next attempt that starts.</summary>
    public ValueTask<DeliveryAttempt> NextAsync() => _attempts.Reader.ReadAsync(TestContext.Current.CancellationToken);

    /// <summary>Whether an attempt has started that nobody has taken.</summary>
    public bool HasStarted => _attempts.Reader.TryPeek(out _);

    public static DeliveryOutcome Fail(string reason, int statusClass) => new DeliveryOutcome.Deferred(
        new DeliveryFailure(reason, new EnhancedStatusCode(statusClass, 4, 1), "Try later"));
}
