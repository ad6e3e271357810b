using Relay.Lab.Dns;

namespace Relay.Dns.Tests;

public class SingleFlightTests
{
    [Fact]
    public async Task Query_SameQuestionManyTimesAtOnce_IsAskedOnce()
    {
        await using var lab = ResolverLab.Start();
        var reins = Hold(lab);

        var asking = Enumerable.Range(0, 50).Select(_ => lab.AskAsync("mx.example", DnsRecordType.A)).ToList();
        reins.SetResult();

        Assert.All(await Task.WhenAll(asking), answer => Assert.Equal(DnsStatus.Answered, answer.Status));
        Assert.Single(lab.Server.Queries.All);
    }

    [Fact]
    public async Task Query_CallerCancels_OthersGetTheirAnswer()
    {
        await using var lab = ResolverLab.Start();
        var reins = Hold(lab);
        using var impatience = new CancellationTokenSource();

        var first = lab.Resolver.QueryAsync(ResolverLab.Name("mx.example"), DnsRecordType.A, impatience.Token).AsTask();
        var second = lab.AskAsync("mx.example", DnsRecordType.A);
        await impatience.CancelAsync();

        var cancellation = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(impatience.Token, cancellation.CancellationToken);
        reins.SetResult();
        Assert.Equal(DnsStatus.Answered, (await second).Status);
        Assert.Single(lab.Server.Queries.All);
    }

    [Fact]
    public async Task Query_OnlyCallerCancels_TheAnswerStillReachesTheCache()
    {
        await using var lab = ResolverLab.Start();
        var reins = Hold(lab);
        using var impatience = new CancellationTokenSource();

        var asking = lab.Resolver.QueryAsync(ResolverLab.Name("mx.example"), DnsRecordType.A, impatience.Token).AsTask();
        await lab.Server.Queries.ReceivedAsync("mx.example", LabDnsType.A, 1, ResolverLab.Stop);
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        reins.SetResult();

        Assert.Equal(DnsStatus.Answered, (await lab.AskAsync("mx.example", DnsRecordType.A)).Status);
        Assert.Single(lab.Server.Queries.All);
    }

    [Fact]
    public async Task Query_AlreadyCancelled_AsksNothing()
    {
        await using var lab = ResolverLab.Start();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await lab.Resolver.QueryAsync(ResolverLab.Name("mx.example"), DnsRecordType.A, new CancellationToken(canceled: true)));
        Assert.Empty(lab.Server.Queries.All);
    }

    [Fact]
    public async Task Query_ResolverDisposed_EndsWithAValue()
    {
        var lab = ResolverLab.Start();
        lab.Server.SetFault(null, LabDnsType.None, new LabDnsFault.Silence());

        var asking = lab.AskAsync("mx.example", DnsRecordType.A);
        await lab.DisposeAsync();

        Assert.Equal(DnsStatus.Timeout, (await asking).Status);
    }

    private static TaskCompletionSource Hold(ResolverLab lab)
    {
        var reins = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lab.Zone.AddA("mx.example", "192.0.2.1");
        lab.Server.SetFault("mx.example", LabDnsType.A, new LabDnsFault.Held(reins.Task));
        return reins;
    }
}
