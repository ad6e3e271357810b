using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Stores;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Stores;

/// <summary>A store that flaps while a policy changes: what is newest is what stays.</summary>
public sealed class ResilientPolicyStoreTests
{
    private static readonly DomainName Domain = StsLab.Name("example.test");

    private readonly FlappingStore _store = new();

    [Fact] // Promise 2
    public async Task SaveUnsaved_NewerPolicyComesMeanwhile_TheNewerStays()
    {
        using var store = new ResilientPolicyStore(_store, NullLogger<ResilientPolicyStore>.Instance);
        _store.IsBroken = true;
        Assert.False(await store.SaveAsync(Policy("1"), StsLab.Token));
        Assert.Equal("1", (await store.LoadAsync(Domain, StsLab.Token)).Policy!.Policy.Id);

        _store.IsBroken = false;
        _store.Hold = new TaskCompletionSource();
        var late = store.SaveUnsavedAsync(StsLab.Token).AsTask();
        await _store.Entered.Task.WaitAsync(StsLab.Token);
        var newer = store.SaveAsync(Policy("2"), StsLab.Token).AsTask();
        _store.Hold.SetResult();

        Assert.True(await newer);
        await late;
        Assert.Equal(["1", "2"], _store.Saved);
        Assert.Equal("2", (await store.LoadAsync(Domain, StsLab.Token)).Policy!.Policy.Id);
    }

    [Fact] // relay sts forget: what was forgotten does not come back with what could not be written before
    public async Task Remove_WhileUnsavedIsWritten_ComesAfterIt()
    {
        using var store = new ResilientPolicyStore(_store, NullLogger<ResilientPolicyStore>.Instance);
        _store.IsBroken = true;
        await store.SaveAsync(Policy("1"), StsLab.Token);
        _store.IsBroken = false;
        _store.Hold = new TaskCompletionSource();
        var late = store.SaveUnsavedAsync(StsLab.Token).AsTask();
        await _store.Entered.Task.WaitAsync(StsLab.Token);
        var forgetting = store.RemoveAsync(Domain, StsLab.Token).AsTask();
        _store.Hold.SetResult();

        Assert.True(await forgetting);
        await late;
        Assert.Null((await store.LoadAsync(Domain, StsLab.Token)).Policy);
    }

    private static StoredPolicy Policy(string id)
    {
        var text = Encoding.ASCII.GetBytes(StsLab.Policy("enforce", 604_800, "mx.example.test"));
        var valid = Assert.IsType<PolicyReading.Valid>(StsPolicy.Parse(text));
        return new StoredPolicy(new CachedPolicy(Domain, id, valid.Policy, DateTimeOffset.UnixEpoch), default, default);
    }

    /// <summary>A store of one policy, in memory, that fails or waits as it is told.</summary>
    private sealed class FlappingStore : IPolicyStore
    {
        private StoredPolicy? _policy;

        public bool IsBroken { get; set; }

        public TaskCompletionSource? Hold { get; set; }

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> Saved { get; } = [];

        public async ValueTask SaveAsync(StoredPolicy policy, CancellationToken cancellationToken)
        {
            if (IsBroken)
            {
                throw new IOException("the store is out of order");
            }

            Entered.TrySetResult();
            if (Hold is { } hold)
            {
                await hold.Task.WaitAsync(cancellationToken);
            }

            Saved.Add(policy.Policy.Id);
            _policy = policy;
        }

        public ValueTask<StoredDomain> LoadAsync(DomainName domain, CancellationToken cancellationToken) => new(new StoredDomain(_policy, null));

        public ValueTask<bool> RemoveAsync(DomainName domain, CancellationToken cancellationToken)
        {
            var was = _policy is not null;
            _policy = null;
            return new(was);
        }

        public ValueTask PostponeAsync(DomainName domain, DateTimeOffset refreshAt, CancellationToken cancellationToken) => default;

        public ValueTask<bool> TouchAsync(DomainName domain, DateTimeOffset usedAt, CancellationToken cancellationToken) => new(true);

        public ValueTask SetUnknownAsync(DomainName domain, DateTimeOffset? since, CancellationToken cancellationToken) => default;

        public ValueTask<IReadOnlyList<DomainName>> ListDueAsync(
            DateTimeOffset now, DateTimeOffset latest, int limit, CancellationToken cancellationToken) => new([]);

        public ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(DomainName after, int limit, CancellationToken cancellationToken) => new([]);

        public ValueTask TendAsync(CancellationToken cancellationToken) => default;
    }
}
