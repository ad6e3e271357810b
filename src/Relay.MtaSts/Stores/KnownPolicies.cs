using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Relay.Mail;

namespace Relay.MtaSts.Stores;

/// <summary>
/// The names of all domains that have a policy, and until when, in a file beside the store, on the disk before a policy is first relied on:
/// whatever becomes of the store, mail to these does not go out as if they had none (RFC 8461 §10.2). Mode none asks for nothing and is not
/// remembered. The file is read only where the store does not prove, by the identity that both bear, that it holds all of it.
/// </summary>
internal sealed class KnownPolicies(string path) : IDisposable
{
    private const int MaxDomains = 2_000_000;
    private const long SlackOctets = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly KnownFile _file = new(path);
    private Dictionary<ulong, uint>? _ends;
    private long _compactAt;

    /// <summary>The file is another program's: it is read, and nothing is written.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>A store that bears this identity holds every policy that the file names; null for none.</summary>
    public string? Identity { get; private set; }

    /// <summary>It was read to its end, and no line was damaged.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>It has been read.</summary>
    public bool IsLoaded => _ends is not null;

    /// <summary>A relay kept policies here before.</summary>
    public bool WasMade => _file.IsMarked || _file.Exists;

    /// <summary>When policies were lost with store and file; null for never.</summary>
    public DateTimeOffset? LossAt { get; private set; }

    /// <summary>Reads what its first lines say. Throws <see cref="InvalidDataException"/> when it is of a newer version.</summary>
    public void Open()
    {
        lock (_gate)
        {
            Identity = null;
            _file.Read((in line, word, _) =>
            {
                Note(line, word);

                // A loss is told of in the second.
                return line.Sign == KnownLine.Header;
            });
        }
    }

    /// <summary>Reads it, so that <see cref="EndOf"/> can tell.</summary>
    public void Load()
    {
        lock (_gate)
        {
            if (_ends is not null)
            {
                return;
            }

            var (ends, hasHeader) = (new Dictionary<ulong, uint>(), false);
            var damaged = _file.Read((in line, word, _) =>
            {
                Note(line, word);
                hasHeader |= line.Sign == KnownLine.Header;
                if (line.Sign == KnownLine.Known)
                {
                    ends[KeyOf(word)] = line.Number;
                }
                else if (line.Sign == KnownLine.Forgotten)
                {
                    ends.Remove(KeyOf(word));
                }

                return ends.Count < MaxDomains;
            });
            IsWhole = hasHeader && damaged == 0 && ends.Count < MaxDomains;
            _ends = ends;
        }
    }

    /// <summary>Until when a domain has a policy, as far as was read; null for none.</summary>
    public DateTimeOffset? EndOf(DomainName domain)
    {
        lock (_gate)
        {
            return _ends is not null && _ends.TryGetValue(KeyOf(domain), out var end) ? DateTimeOffset.FromUnixTimeSeconds(end) : null;
        }
    }

    /// <summary>How many of the domains read have a policy that did not end before a time.</summary>
    public int CountAfter(DateTimeOffset time)
    {
        lock (_gate)
        {
            return _ends?.Values.Count(end => end >= Seconds(time)) ?? 0;
        }
    }

    /// <summary>Names a domain. Throws <see cref="IOException"/> when that cannot be written.</summary>
    /// <param name="domain">The policy domain.</param>
    /// <param name="end">When its policy ends.</param>
    /// <param name="isFirst">It is on the disk on return; else a loss of power may leave the end that was.</param>
    public void Note(DomainName domain, DateTimeOffset end, bool isFirst)
    {
        lock (_gate)
        {
            var seconds = Seconds(end);
            if (_ends is null || !_ends.TryGetValue(KeyOf(domain), out var written) || written != seconds)
            {
                Append(KnownLine.Format(KnownLine.Known, domain.Value, seconds), isFirst);
                _ends?[KeyOf(domain)] = seconds;
            }
        }
    }

    /// <summary>Takes a domain's name back.</summary>
    public void Forget(DomainName domain)
    {
        lock (_gate)
        {
            Append(KnownLine.Format(KnownLine.Forgotten, domain.Value, 0), isSynced: true);
            _ends?.Remove(KeyOf(domain));
        }
    }

    /// <summary>Notes that policies were lost, so that what is left is all there is.</summary>
    public void NoteLoss(DateTimeOffset time)
    {
        lock (_gate)
        {
            LossAt = time;
            Rewrite(identity: null, DateTimeOffset.UnixEpoch);
            _file.Mark();
            IsWhole = true;
        }
    }

    /// <summary>No store holds all that the file names.</summary>
    public void Unpair()
    {
        lock (_gate)
        {
            if (Identity is not null && !IsReadOnly)
            {
                Rewrite(identity: null, DateTimeOffset.UnixEpoch);
            }
        }
    }

    /// <summary>Drops what ended before a time, when the file has grown to twice of what it was.</summary>
    public void Compact(DateTimeOffset before)
    {
        lock (_gate)
        {
            _compactAt = _compactAt == 0 ? _file.Length + SlackOctets : _compactAt;
            if (_file.Length > _compactAt)
            {
                Rewrite(Identity, before);
            }
        }
    }

    /// <summary>A store that bears an identity holds all that the file names; it need not be in memory any longer.</summary>
    public void Pair(string identity, DateTimeOffset before)
    {
        lock (_gate)
        {
            Rewrite(identity, before);
            _file.Mark();
            (_ends, IsWhole) = (null, true);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _file.Dispose();
        }
    }

    private static uint Seconds(DateTimeOffset time) => (uint)Math.Clamp(time.ToUnixTimeSeconds(), 0, uint.MaxValue);

    private static ulong KeyOf(DomainName domain) => KeyOf(Encoding.ASCII.GetBytes(domain.Value));

    // Names are told apart by a part of their hash for which nobody finds a second name: a million of them take 30 MB.
    private static ulong KeyOf(ReadOnlySpan<byte> name)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(name, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    private void Note(in KnownLine line, ReadOnlySpan<byte> word)
    {
        if (line.Sign == KnownLine.Loss)
        {
            LossAt = DateTimeOffset.FromUnixTimeSeconds(line.Number);
        }
        else if (line.Sign == KnownLine.Header)
        {
            Identity = line.Number == KnownLine.Version
                ? Encoding.ASCII.GetString(word)
                : throw new InvalidDataException(
                    $"The file of known policies has version {line.Number}, but this relay knows version {KnownLine.Version}; run the relay that wrote it again");
            Identity = Identity == KnownLine.NoIdentity ? null : Identity;
        }
    }

    private void Append(byte[] line, bool isSynced)
    {
        if (!IsReadOnly && !_file.TryAppend(line, isSynced))
        {
            Rewrite(Identity, DateTimeOffset.UnixEpoch);
        }
    }

    // Of each name the last line counts.
    private void Rewrite(string? identity, DateTimeOffset before)
    {
        var last = new Dictionary<ulong, long>();
        _file.Read((in line, word, at) =>
        {
            if (line.Sign == KnownLine.Loss)
            {
                LossAt = LossAt > DateTimeOffset.FromUnixTimeSeconds(line.Number) ? LossAt : DateTimeOffset.FromUnixTimeSeconds(line.Number);
            }
            else if (line.Sign == KnownLine.Known && line.Number >= Seconds(before))
            {
                last[KeyOf(word)] = at;
            }
            else if (line.Sign is KnownLine.Known or KnownLine.Forgotten)
            {
                last.Remove(KeyOf(word));
            }

            return true;
        });
        _file.Replace(fresh =>
        {
            fresh.Write(KnownLine.Format(KnownLine.Header, identity ?? KnownLine.NoIdentity, KnownLine.Version));
            if (LossAt is { } loss)
            {
                fresh.Write(KnownLine.Format(KnownLine.Loss, "loss", Seconds(loss)));
            }

            _file.Read((in line, word, at) =>
            {
                if (line.Sign == KnownLine.Known && last.TryGetValue(KeyOf(word), out var kept) && kept == at)
                {
                    fresh.Write(KnownLine.Format(line.Sign, Encoding.ASCII.GetString(word), line.Number));
                }

                return true;
            });
        });
        Identity = identity;
        _compactAt = (2 * _file.Length) + SlackOctets;
    }
}
