using System.Text;
using System.Text.Json;
using Relay.Dns;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;

namespace Relay.Fuzz.Tests.MtaSts;

/// <summary>TXT records as DNS answers carry them.</summary>
internal static class TextRecords
{
    private const int MostStringOctets = 255;

    /// <summary>One record of these octets, in character-strings as their first octets decide.</summary>
    public static DnsRecord Cut(byte[] octets)
    {
        var strings = new List<ReadOnlyMemory<byte>>();
        var at = 0;
        foreach (var portion in Portions.Of(octets))
        {
            for (var end = at + portion; at < end;)
            {
                var length = Math.Min(end - at, MostStringOctets);
                strings.Add(octets.AsMemory(at, length));
                at += length;
            }
        }

        return new DnsRecord.Text(DomainName.Root, TimeSpan.Zero, strings.Count > 0 ? strings : [ReadOnlyMemory<byte>.Empty]);
    }

    /// <summary>Every record of the vectors, joined.</summary>
    public static IEnumerable<byte[]> OfVectors(string file) =>
        from row in Vectors.Read(file)
        from record in row.GetProperty("txts").EnumerateArray()
        select Encoding.UTF8.GetBytes(record.ValueKind == JsonValueKind.String ? record.GetString()! : string.Concat(record.EnumerateArray().Select(part => part.GetString())));
}
