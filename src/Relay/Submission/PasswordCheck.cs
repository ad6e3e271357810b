using System.Security.Cryptography;
using Relay.Reception;

namespace Relay.Submission;

/// <summary>
/// Compares passwords with their hashes without letting the work of it crowd out the sessions: a few at a time, and no long queue.
/// Remembers for an hour which account proved itself from where, so that a client that authenticates for every message pays for the
/// first alone.
/// </summary>
internal sealed class PasswordCheck(TimeProvider clock) : IDisposable
{
    private const int Capacity = 10_000;
    private const int MaxWaiting = 32;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly RecentTable<(AddressBlock, string), byte[]> _proved = new(Capacity, Lifetime, clock);

    /// <summary>The work for those whom nobody knows yet, whose number is anybody's choice; a quarter of the places for one network.</summary>
    public BoundedWork ForUnknownClients { get; } = new(Math.Max(1, Environment.ProcessorCount / 2), MaxWaiting, MaxWaiting / 4);

    /// <summary>The work for accounts that have authenticated from there of late: kept free for them, whatever the others do.</summary>
    public BoundedWork ForKnown { get; } = new(1, MaxWaiting, MaxWaiting);

    /// <summary>Whether the password is the account's; null when too many others wait for the same.</summary>
    /// <param name="attempt">Who asks.</param>
    /// <param name="hash">What is kept of the account's password.</param>
    /// <param name="cost">What the answer costs, at least the hash's own.</param>
    /// <param name="password">The password, prepared.</param>
    /// <param name="cancellationToken">The client is given up.</param>
    public async ValueTask<bool?> VerifyAsync(
        LoginAttempt attempt, PasswordHash hash, int cost, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        var key = (attempt.Client, attempt.Account);
        var fingerprint = hash.Fingerprint(_key, password.Span);
        if (IsProved(key, fingerprint))
        {
            return true;
        }

        var verified = await (attempt.IsKnown ? ForKnown : ForUnknownClients).DoAsync(
            attempt.Network, () => hash.IsOf(password.Span, cost), cancellationToken);
        if (verified == true)
        {
            lock (_lock)
            {
                _proved.Set(key, fingerprint);
            }
        }

        return verified;
    }

    public void Dispose()
    {
        ForUnknownClients.Dispose();
        ForKnown.Dispose();
    }

    private bool IsProved((AddressBlock, string) key, byte[] fingerprint)
    {
        lock (_lock)
        {
            return _proved.TryGet(key, out var proved) && CryptographicOperations.FixedTimeEquals(proved, fingerprint);
        }
    }
}
