using System.Net;
using System.Net.Sockets;

namespace Relay.Submission;

/// <summary>
/// Slows down guessing of passwords. After failures, an address and an account each have to wait before the next attempt of theirs
/// is looked at, longer with every failure; those who wait at the same time wait in turn, and who would wait too long is sent away. Both
/// forget after a success, and an hour after the last failure. An account that has authenticated from an address of late has, together
/// with that address, a measure of its own: strangers' failures do not keep out those who belong here.
/// </summary>
internal sealed class AuthThrottle(TimeProvider clock)
{
    /// <summary>How long failures are remembered.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    /// <summary>Nobody is asked to wait longer than this.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private const int Capacity = 10_000;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly RecentTable<Record> _addresses = new(Capacity, Memory, clock);
    private readonly RecentTable<Record> _accounts = new(Capacity, Memory, clock);
    private readonly RecentTable<Record> _pairs = new(Capacity, Memory, clock);

    /// <summary>The network that counts as one client: an IPv4 address, or a /64 of IPv6, which one customer has to itself.</summary>
    public static string NetworkOf(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(plain.GetAddressBytes().AsSpan(0, 8))
            : plain.ToString();
    }

    /// <summary>Takes a turn: how long this attempt waits, and what to tell of its end. Null: it is not looked at at all.</summary>
    /// <param name="network">Where it comes from.</param>
    /// <param name="account">Whom it names.</param>
    /// <param name="isKnown">This account has authenticated from there of late.</param>
    public Turn? Enter(string network, string account, bool isKnown)
    {
        lock (_lock)
        {
            Measure[] measures = isKnown
                ? [new(_pairs, $"{network} {account}")]
                : [new(_addresses, network), new(_accounts, account)];
            var now = clock.GetTimestamp();
            var next = measures.Max(measure => measure.Next);
            var wait = next > now ? clock.GetElapsedTime(now, next) : TimeSpan.Zero;
            if (wait > LongestWait)
            {
                return null;
            }

            foreach (var measure in measures)
            {
                measure.Reserve(now, clock);
            }

            return new Turn(this, measures, wait);
        }
    }

    private static long DelayAfter(int failures, TimeProvider clock)
    {
        var delay = FirstDelay * Math.Pow(2, Math.Min(failures, 16) - 1);
        return failures == 0 ? 0 : (long)((delay < LongestDelay ? delay : LongestDelay).TotalSeconds * clock.TimestampFrequency);
    }

    private void End(Measure[] measures, bool? succeeded)
    {
        lock (_lock)
        {
            foreach (var measure in measures)
            {
                measure.End(succeeded, clock);
            }
        }
    }

    /// <summary>One attempt; disposed without a word on its end, it counts as not made.</summary>
    internal sealed class Turn(AuthThrottle throttle, Measure[] measures, TimeSpan wait) : IDisposable
    {
        private bool? _succeeded;

        /// <summary>How long to wait before looking at it.</summary>
        public TimeSpan Wait { get; } = wait;

        public void Succeed() => _succeeded = true;

        public void Fail() => _succeeded = false;

        public void Dispose() => throttle.End(measures, _succeeded);
    }

    /// <summary>The failures of one address or account, and when its next attempt may be looked at.</summary>
    internal sealed class Record
    {
        public int Failures { get; set; }

        public long Next { get; set; }
    }

    /// <summary>What one attempt has to do with one address or account.</summary>
    internal sealed class Measure(RecentTable<Record> table, string key)
    {
        private readonly Record? _record = table.TryGet(key, out var record) ? record : null;
        private long _reserved;

        public long Next => _record?.Next ?? 0;

        // Whoever comes next waits for this attempt too.
        public void Reserve(long now, TimeProvider clock)
        {
            if (_record is not null)
            {
                _reserved = DelayAfter(_record.Failures, clock);
                _record.Next = Math.Max(_record.Next, now) + _reserved;
            }
        }

        public void End(bool? succeeded, TimeProvider clock)
        {
            switch (succeeded)
            {
                case true:
                    table.Remove(key);
                    break;
                case false:
                    var failed = table.TryGet(key, out var current) ? current : new Record();
                    failed.Failures++;
                    failed.Next = Math.Max(failed.Next, clock.GetTimestamp() + DelayAfter(failed.Failures, clock));
                    table.Set(key, failed);
                    break;
                default:
                    if (_record is not null)
                    {
                        _record.Next -= _reserved;
                    }

                    break;
            }
        }
    }
}
