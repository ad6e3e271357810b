using System.Security.Cryptography;

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
    private readonly RecentTable<byte[]> _proved = new(Capacity, Lifetime, clock);
    private readonly SemaphoreSlim _work = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _waiting;

    /// <summary>This account has proved itself from there of late.</summary>
    public bool IsKnown(string network, string account)
    {
        lock (_lock)
        {
            return _proved.TryGet(KeyOf(network, account), out _);
        }
    }

    /// <summary>Whether the password is the account's; null when too many others wait for the same.</summary>
    public async ValueTask<bool?> VerifyAsync(
        string network, string account, PasswordHash hash, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        var key = KeyOf(network, account);
        var fingerprint = hash.Fingerprint(_key, password.Span);
        if (IsProved(key, fingerprint))
        {
            return true;
        }

        var verified = await WorkAsync(hash, password, cancellationToken);
        if (verified == true)
        {
            lock (_lock)
            {
                _proved.Set(key, fingerprint);
            }
        }

        return verified;
    }

    public void Dispose() => _work.Dispose();

    private static string KeyOf(string network, string account) => $"{network} {account}";

    private bool IsProved(string key, byte[] fingerprint)
    {
        lock (_lock)
        {
            return _proved.TryGet(key, out var proved) && CryptographicOperations.FixedTimeEquals(proved, fingerprint);
        }
    }

    private async ValueTask<bool?> WorkAsync(
        PasswordHash hash, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return null;
        }

        try
        {
            await _work.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        try
        {
            return await Task.Run(() => hash.IsOf(password.Span), CancellationToken.None);
        }
        finally
        {
            _work.Release();
        }
    }
}
