using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;

namespace Relay.MtaSts.Policies;

/// <summary>Goes through a policy file once, line by line (RFC 8461 §3.2).</summary>
/// <param name="body">The file.</param>
/// <param name="flaws">Gets every fault; null to stop at the first, which is the verdict either way.</param>
internal ref struct PolicyReader(ReadOnlySpan<byte> body, List<PolicyFlaw>? flaws = null)
{
    private const int MaxAgeDigits = 10;
    private const long MaxAgeSeconds = 31_557_600;
    private const int FewPatterns = 16;

    // Enough to mend a file with; a hostile one does not fill the memory.
    private const int MaxFlaws = 20;
    private const int MaxShown = 100;

    private static readonly SearchValues<byte> AlphaDigit =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> FieldNameOctets =
        SearchValues.Create("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"u8);

    // Tab is white space (RFC 5234 appendix B.1); no other control character may stand in a line.
    private static readonly SearchValues<byte> Controls =
        SearchValues.Create([0, 1, 2, 3, 4, 5, 6, 7, 8, .. Enumerable.Range(10, 22).Select(octet => (byte)octet), 127]);

    private readonly ReadOnlySpan<byte> _body = body;
    private bool _hasVersion;
    private PolicyMode? _mode;
    private long? _maxAge;
    private List<MxPattern>? _patterns;
    private HashSet<MxPattern>? _seen;
    private int _malformedMxLine;
    private PolicyReading.Invalid? _first;

    public PolicyReading Read()
    {
        if (_body.Length > StsPolicy.MaxOctets)
        {
            return Invalid(PolicyFault.TooLarge, 0);
        }

        if (flaws is null && !Utf8.IsValid(_body))
        {
            return Invalid(PolicyFault.BadCharacter, 0);
        }

        var number = 0;
        foreach (var range in _body.Split((byte)'\n'))
        {
            number++;
            if (FaultOf(_body[range], number) is { } fault)
            {
                var invalid = Invalid(fault, number);
                if (flaws is null)
                {
                    return invalid;
                }

                _first ??= invalid;
                Note(fault, number, _body[range]);
            }
        }

        return flaws is null ? Conclude() : ConcludeAll();
    }

    private PolicyFault? FaultOf(ReadOnlySpan<byte> line, int number)
    {
        // RFC 8461 §3.2: lines end in LF or CRLF; one CR belongs to the end, any other is a control character.
        line = line.EndsWith("\r"u8) ? line[..^1] : line;
        if (line.ContainsAny(Controls) || (flaws is not null && !Utf8.IsValid(line)))
        {
            return PolicyFault.BadCharacter;
        }

        if (line.TrimStart(" \t"u8).IsEmpty)
        {
            // RFC 8461 §3.2, departure: blank lines are not in the grammar and do no harm.
            return null;
        }

        // RFC 8461 §3.2: the name stands directly before the colon; white space may follow the colon and end the line.
        var colon = line.IndexOf((byte)':');
        if (colon < 0 || !IsFieldName(line[..colon]))
        {
            return PolicyFault.FieldMalformed;
        }

        return Take(line[..colon], line[(colon + 1)..].Trim(" \t"u8), number);
    }

    // RFC 8461 §3.2: names are compared with case; of repeated fields other than mx only the first counts; unknown ones
    // are ignored.
    private PolicyFault? Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, int number)
    {
        if (name.SequenceEqual("version"u8) && !_hasVersion)
        {
            _hasVersion = value.SequenceEqual("STSv1"u8);
            return _hasVersion ? null : PolicyFault.VersionUnsupported;
        }

        if (name.SequenceEqual("mode"u8) && _mode is null)
        {
            _mode = ModeOf(value);
            return _mode is null ? PolicyFault.ModeUnknown : null;
        }

        if (name.SequenceEqual("max_age"u8) && _maxAge is null)
        {
            _maxAge = SecondsOf(value);
            return _maxAge is null ? PolicyFault.MaxAgeMalformed : null;
        }

        if (name.SequenceEqual("mx"u8))
        {
            TakePattern(value, number);
        }

        return null;
    }

    private void TakePattern(ReadOnlySpan<byte> value, int number)
    {
        if (!MxPattern.TryParse(value, out var pattern))
        {
            // Whether this matters depends on the mode, which may stand further down.
            _malformedMxLine = _malformedMxLine == 0 ? number : _malformedMxLine;
            Note(PolicyFault.MxMalformed, number, value);
            return;
        }

        _patterns ??= [];
        if (IsNew(pattern))
        {
            _patterns.Add(pattern);
        }
    }

    // A hostile file holds thousands of patterns; comparing each with each would take its square in time.
    private bool IsNew(MxPattern pattern)
    {
        if (_patterns!.Count < FewPatterns)
        {
            return !_patterns.Contains(pattern);
        }

        _seen ??= [.. _patterns];
        return _seen.Add(pattern);
    }

    // RFC 8461 §3.2: version, mode and max_age are mandatory, mx is unless the mode is none.
    private readonly PolicyReading Conclude() => (_hasVersion, _mode, _maxAge) switch
    {
        (false, _, _) => Invalid(PolicyFault.VersionMissing, 0),
        (_, null, _) => Invalid(PolicyFault.ModeMissing, 0),
        (_, _, null) => Invalid(PolicyFault.MaxAgeMissing, 0),

        // RFC 8461 §3.2, §8.3: a pattern nobody can read could be the one that lets mail through, so the file is
        // refused; in mode none there is nothing to let through.
        (_, not PolicyMode.None, _) when _malformedMxLine > 0 => Invalid(PolicyFault.MxMalformed, _malformedMxLine),
        (_, not PolicyMode.None, _) when _patterns is null => Invalid(PolicyFault.MxMissing, 0),
        ({ }, { } mode, { } maxAge) => new PolicyReading.Valid(new StsPolicy(
            mode, TimeSpan.FromSeconds(maxAge), _patterns ?? [], Encoding.UTF8.GetString(_body))),
    };

    // What is missing, besides what was found. A field that stands in a faulty line, or behind another one, is told with that line.
    private readonly PolicyReading ConcludeAll()
    {
        if (_mode == PolicyMode.None)
        {
            flaws!.RemoveAll(static flaw => flaw.Fault == PolicyFault.MxMalformed);
        }

        var isPolicy = flaws!.Count == 0 || _hasVersion || _mode is not null || _maxAge is not null || _patterns is not null;
        Missing(isPolicy && !_hasVersion, "version:"u8, PolicyFault.VersionMissing);
        Missing(isPolicy && _mode is null, "mode:"u8, PolicyFault.ModeMissing);
        Missing(isPolicy && _maxAge is null, "max_age:"u8, PolicyFault.MaxAgeMissing);
        Missing(isPolicy && _mode != PolicyMode.None && _patterns is null, "mx:"u8, PolicyFault.MxMissing);
        return _first ?? Conclude();
    }

    private readonly void Missing(bool isMissing, ReadOnlySpan<byte> field, PolicyFault fault)
    {
        if (isMissing && _body.IndexOf(field) < 0)
        {
            flaws!.Add(new PolicyFlaw(fault, 0, string.Empty));
        }
    }

    private readonly void Note(PolicyFault fault, int number, ReadOnlySpan<byte> line)
    {
        if (flaws is { Count: < MaxFlaws })
        {
            flaws.Add(new PolicyFlaw(fault, number, Encoding.UTF8.GetString(line[..Math.Min(line.Length, MaxShown)]).TrimEnd()));
        }
    }

    private static PolicyMode? ModeOf(ReadOnlySpan<byte> value) =>
        value.SequenceEqual("enforce"u8) ? PolicyMode.Enforce
        : value.SequenceEqual("testing"u8) ? PolicyMode.Testing
        : value.SequenceEqual("none"u8) ? PolicyMode.None
        : null;

    private static long? SecondsOf(ReadOnlySpan<byte> value)
    {
        // RFC 8461 §3.2: 1 to 10 digits, nothing else.
        if (value.Length is 0 or > MaxAgeDigits
            || value.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !Utf8Parser.TryParse(value, out long seconds, out _))
        {
            return null;
        }

        // RFC 8461 §3.2, erratum 7282: the grammar allows more than the year the text allows; more is a year.
        return Math.Min(seconds, MaxAgeSeconds);
    }

    // RFC 8461 §3.2, departure: sts-policy-ext-name has at most 32 octets; a longer one is ignored like any unknown
    // field.
    private static bool IsFieldName(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && AlphaDigit.Contains(name[0]) && !name.ContainsAnyExcept(FieldNameOctets);

    private static PolicyReading.Invalid Invalid(PolicyFault fault, int line) => new(fault, line);
}
