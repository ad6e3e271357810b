using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.Lab.Dns;

/// <summary>
/// All the names of a lab Internet, changeable while the server answers. Names are written in any case, with or without
/// a trailing dot; "." is the root; "*." and a name stands for all below it that do not exist themselves. Every <c>Add</c> makes one record with the time to live set by
/// <see cref="WithTtl"/>.
/// </summary>
public sealed class LabZone
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Name, LabDnsType Type), List<LabDnsRecord>> _records = [];
    private int _ttl = 300;
    private bool _hasWildcards;

    /// <summary>Sets the time to live, in seconds, of the records added from now on; 300 at the start.</summary>
    public LabZone WithTtl(int seconds)
    {
        lock (_gate)
        {
            _ttl = seconds;
        }

        return this;
    }

    /// <summary>Adds an A record.</summary>
    public LabZone AddA(string name, string address) => AddAddress(name, IPAddress.Parse(address));

    /// <summary>Adds an AAAA record.</summary>
    public LabZone AddAaaa(string name, string address) => AddAddress(name, IPAddress.Parse(address));

    /// <summary>Adds an A or AAAA record, by the family of the address.</summary>
    public LabZone AddAddress(string name, IPAddress address)
    {
        var type = address.AddressFamily is AddressFamily.InterNetwork ? LabDnsType.A : LabDnsType.Aaaa;
        return Add(name, type, address.GetAddressBytes());
    }

    /// <summary>Adds an MX record; "." as exchange makes a null MX.</summary>
    public LabZone AddMx(string name, int preference, string exchange) =>
        Add(name, LabDnsType.Mx, [(byte)(preference >> 8), (byte)preference], [exchange]);

    /// <summary>Adds one TXT record of these character-strings, each of at most 255 octets.</summary>
    public LabZone AddTxt(string name, params string[] strings) =>
        AddTxt(name, [.. strings.Select(Encoding.UTF8.GetBytes)]);

    /// <summary>Adds one TXT record of these character-strings, each of at most 255 octets.</summary>
    public LabZone AddTxt(string name, params byte[][] strings) =>
        Add(name, LabDnsType.Txt, [.. strings.SelectMany(text => text.Prepend(checked((byte)text.Length)))]);

    /// <summary>Adds a CNAME record. Chains and loops are made of several.</summary>
    public LabZone AddCname(string name, string target) => Add(name, LabDnsType.Cname, [], [target]);

    /// <summary>Adds a TLSA record, usually at <c>_25._tcp.</c> and a host.</summary>
    public LabZone AddTlsa(string name, byte usage, byte selector, byte matchingType, byte[] data) =>
        Add(name, LabDnsType.Tlsa, [usage, selector, matchingType, .. data]);

    /// <summary>
    /// Adds an SOA record, which negative answers below <paramref name="name"/> carry; <paramref name="minimum"/> in
    /// seconds. Without any, they carry one of the root with 300 s.
    /// </summary>
    public LabZone AddSoa(string name, int minimum)
    {
        var tail = new byte[20];
        BinaryPrimitives.WriteInt32BigEndian(tail, 1);
        BinaryPrimitives.WriteInt32BigEndian(tail.AsSpan(16), minimum);
        return Add(name, LabDnsType.Soa, [], ["ns." + name, "hostmaster." + name], tail);
    }

    /// <summary>
    /// Removes the records of one type, or with <see cref="LabDnsType.None"/> of every type, at a name.
    /// </summary>
    public LabZone Remove(string name, LabDnsType type = LabDnsType.None)
    {
        var canonical = Canonical(name);
        lock (_gate)
        {
            var isEvery = type is LabDnsType.None;
            foreach (var key in _records.Keys.Where(key => key.Name == canonical && (isEvery || key.Type == type)).ToList())
            {
                _records.Remove(key);
            }
        }

        return this;
    }

    /// <summary>Removes everything.</summary>
    public LabZone Clear()
    {
        lock (_gate)
        {
            _records.Clear();
        }

        return this;
    }

    internal static string Canonical(string name) => name.TrimEnd('.').ToLowerInvariant();

    /// <summary>The records, the aliases that lead to them, and whether the last name of the chain exists.</summary>
    internal (List<LabDnsRecord> Answer, bool Exists, LabDnsRecord Soa) Find(
        string name, LabDnsType type, bool followAliases)
    {
        var answer = new List<LabDnsRecord>();
        var seen = new HashSet<string>();
        lock (_gate)
        {
            var at = name;
            while (type is not LabDnsType.Cname && seen.Add(at)
                && _records.TryGetValue((at, LabDnsType.Cname), out var alias))
            {
                answer.AddRange(alias);
                if (!followAliases)
                {
                    return (answer, true, Soa(at));
                }

                at = Canonical(alias[0].Names[0]);
            }

            if (FindWildcard(at) is { } wildcard)
            {
                if (_records.TryGetValue((wildcard, type), out var all))
                {
                    answer.AddRange(all.Select(record => record with { Owner = at }));
                }

                return (answer, true, Soa(at));
            }

            if (_records.TryGetValue((at, type), out var records))
            {
                answer.AddRange(records);
            }

            return (answer, records is not null || Exists(at), Soa(at));
        }
    }

    // RFC 4592 §2.1.1: the asterisk takes the place of whatever labels do not exist.
    private string? FindWildcard(string name)
    {
        if (!_hasWildcards || Exists(name))
        {
            return null;
        }

        var parent = name;
        while (parent.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot)
        {
            parent = parent[(dot + 1)..];
            if (Exists("*." + parent))
            {
                return "*." + parent;
            }
        }

        return null;
    }

    // RFC 8020 §2: a name with anything below it exists.
    private bool Exists(string name) =>
        _records.Keys.Any(key => key.Name == name || key.Name.EndsWith("." + name, StringComparison.Ordinal));

    private LabDnsRecord Soa(string name)
    {
        for (var at = name; ; at = at[(at.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            if (_records.TryGetValue((at, LabDnsType.Soa), out var found))
            {
                return found[0];
            }

            if (!at.Contains('.', StringComparison.Ordinal))
            {
                break;
            }
        }

        return _records.TryGetValue((string.Empty, LabDnsType.Soa), out var root)
            ? root[0]
            : new LabDnsRecord(string.Empty, LabDnsType.Soa, 300, [], ["ns", "hostmaster"], [.. new byte[18], 1, 44]);
    }

    private LabZone Add(string name, LabDnsType type, byte[] lead, string[]? names = null, byte[]? tail = null)
    {
        var owner = Canonical(name);
        lock (_gate)
        {
            var record = new LabDnsRecord(owner, type, _ttl, lead, [.. (names ?? []).Select(Canonical)], tail ?? []);
            if (!_records.TryGetValue((owner, type), out var list))
            {
                _records[(owner, type)] = list = [];
            }

            list.Add(record);
            _hasWildcards |= owner.StartsWith("*.", StringComparison.Ordinal);
        }

        return this;
    }
}
