using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;

namespace Relay.Delivery.Tests.Pipeline;

public class DeliveryPipelineTests
{
    [Theory] // The stage decides, not the order of the composition's lines
    [InlineData("report", "policy", "message")]
    [InlineData("message", "report", "policy")]
    [InlineData("policy", "message", "report")]
    public async Task Pipeline_SeveralMiddleware_RunByStageAndBack(params string[] registered)
    {
        await using var lab = new DeliveryLab();
        var order = new List<string>();
        foreach (var name in registered)
        {
            lab.Middleware.Add(Around(name, order));
        }

        lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        (await lab.DeliverAsync("a.test")).AssertDelivered();

        Assert.Equal(["report out 1", "policy out 1", "message out 1", "message back", "policy back", "report back"], order);
    }

    [Fact] // design §2: middleware runs for every attempt; RFC 5321 §5.1
    public async Task Pipeline_NoRoute_MiddlewareSeesTheFailureThatTheAttemptEndsIn()
    {
        await using var lab = new DeliveryLab();
        var seen = new List<(DeliveryOutcome? Failure, string? Domain, int Hosts)>();
        lab.Middleware.Add(new Plugin((attempt, next, token) =>
        {
            seen.Add((attempt.RouteFailure, attempt.PolicyDomain?.Value, attempt.Hosts.Count));
            return next(attempt, token);
        }));

        var attempt = await lab.DeliverAsync("gone.test");

        var failure = attempt.AssertBounced("5.1.2");
        Assert.Equal((attempt.Recipients[0].Outcome, "gone.test", 0), Assert.Single(seen));
        Assert.NotNull(failure.SaidByDns);
    }

    [Fact] // design §2: RFC 5321 §5.1
    public async Task Pipeline_DnsSilent_MiddlewareSeesTheDeferral()
    {
        await using var lab = new DeliveryLab();
        DeliveryOutcome? seen = null;
        lab.Middleware.Add(new Plugin((attempt, next, token) =>
        {
            seen = attempt.RouteFailure;
            return next(attempt, token);
        }));
        lab.Dns.Fail("a.test", Relay.Dns.DnsRecordType.Mx, Relay.Dns.DnsStatus.Timeout);

        Assert.Equal("dns-failure", (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.3").Reason);
        Assert.IsType<DeliveryOutcome.Deferred>(seen);
    }

    [Fact] // design §2: a plugin may turn the failure of a route into a deferral
    public async Task Pipeline_NoRoute_WhatAPluginSettlesStands()
    {
        await using var lab = new DeliveryLab();
        lab.Middleware.Add(new Plugin(async (attempt, next, token) =>
        {
            attempt.Recipients[0].Outcome = new DeliveryOutcome.Deferred(new("held", new(4, 1, 2), "held"));
            await next(attempt, token);
        }));

        var attempt = await lab.DeliverAsync("gone.test", "ann", "bob");

        attempt.AssertDeferred("4.1.2", 0);
        attempt.AssertBounced("5.1.2", 1);
    }

    [Fact] // RFC 5321 §5.1: with a route the attempt carries no failure of one
    public async Task Pipeline_Route_HasNoFailure()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Null(attempt.RouteFailure);
    }

    [Fact] // design §3: every host refused leaves the refusal as the reason
    public async Task Pipeline_EveryHostRefused_IsDeferredWithoutConnection()
    {
        await using var lab = new DeliveryLab();
        lab.Middleware.Add(new Plugin((attempt, next, token) =>
        {
            attempt.Hosts[0].Refuse(new HostRefusal("sts-mx-not-listed", new(4, 7, 0), "not listed"));
            return next(attempt, token);
        }));
        var host = lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        Assert.Equal("sts-mx-not-listed", (await lab.DeliverAsync("a.test")).AssertDeferred("4.7.0").Reason);
        Assert.Empty(host.Connections);
    }

    [Fact] // design §3: the last real failure tells more than a refusal
    public async Task Pipeline_OneRefusedOneUnreachable_TellsTheRealFailure()
    {
        await using var lab = new DeliveryLab();
        lab.Middleware.Add(new Plugin((attempt, next, token) =>
        {
            attempt.Hosts[1].Refuse(new HostRefusal("sts-mx-not-listed", new(4, 7, 0), "not listed"));
            return next(attempt, token);
        }));
        var refused = lab.StartMx("a.test", "mx2.a.test", new MxBehavior(), preference: 20);
        lab.Dns.AddMx("a.test", 10, "mx1.a.test").AddAddress("mx1.a.test", DeliveryLab.NewAddress());

        Assert.Equal("connect-failed", (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.1").Reason);
        Assert.Empty(refused.Connections);
    }

    [Fact] // a bug must not cost a message
    public async Task Pipeline_MiddlewareThrows_IsDeferredAndLoggedAsError()
    {
        await using var lab = new DeliveryLab();
        lab.Middleware.Add(new Plugin((_, _, _) => throw new InvalidOperationException("a bug")));
        lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        Assert.Equal("internal-error", (await lab.DeliverAsync("a.test")).AssertDeferred("4.3.0").Reason);
        Assert.Single(lab.Log.Named("delivery-fault"));
    }

    [Fact] // a bug must not cost a message
    public async Task Pipeline_MiddlewareForgetsToGoOn_IsDeferredAndLoggedAsError()
    {
        await using var lab = new DeliveryLab();
        lab.Middleware.Add(new Plugin((_, _, _) => Task.CompletedTask));
        lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        (await lab.DeliverAsync("a.test")).AssertDeferred("4.3.0");
        Assert.Single(lab.Log.Named("delivery-fault"));
    }

    [Fact] // design §3: middleware may settle an attempt, or some recipients of it, by itself
    public async Task Pipeline_MiddlewareSettlesOneRecipient_OthersAreSent()
    {
        await using var lab = new DeliveryLab();
        lab.Middleware.Add(new Plugin((attempt, next, token) =>
        {
            attempt.Recipients[0].Outcome = new DeliveryOutcome.Deferred(new("sts-unknown", new(4, 7, 5), "held"));
            return next(attempt, token);
        }));
        var host = lab.StartMx("a.test", "mx.a.test", new MxBehavior());

        var attempt = await lab.DeliverAsync("a.test", "ann", "bob");

        attempt.AssertDeferred("4.7.5", 0);
        attempt.AssertDelivered(1);
        Assert.Equal(["bob@a.test"], (await host.SingleMessageAsync()).Recipients);
    }

    [Fact]
    public async Task Pipeline_Cancelled_Throws()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", new MxBehavior().At("MAIL", MxAction.Stall));
        using var caller = new CancellationTokenSource();
        var attempt = lab.Attempt("a.test", ["ann"]);

        var delivering = lab.Get<IDeliveryPipeline>().DeliverAsync(attempt, caller.Token);
        await host.WaitForStallsAsync(1, TestContext.Current.CancellationToken);
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivering);
        Assert.Null(attempt.Recipients[0].Outcome);
    }

    private static Plugin Around(string name, List<string> order) => new(
        async (attempt, next, token) =>
        {
            order.Add($"{name} out {attempt.Hosts.Count}");
            await next(attempt, token);
            order.Add($"{name} back");
        },
        Enum.Parse<MiddlewareStage>(name, ignoreCase: true));

    private sealed class Plugin(
        Func<DeliveryAttempt, DeliveryStep, CancellationToken, Task> invoke, MiddlewareStage stage = MiddlewareStage.Policy)
        : IDeliveryMiddleware
    {
        public MiddlewareStage Stage => stage;

        public Task InvokeAsync(DeliveryAttempt attempt, DeliveryStep next, CancellationToken cancellationToken) =>
            invoke(attempt, next, cancellationToken);
    }
}
