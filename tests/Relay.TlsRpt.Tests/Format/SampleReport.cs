using System.IO.Compression;
using System.Text;
using Relay.TlsRpt.Format;

namespace Relay.TlsRpt.Tests.Format;

/// <summary>A finished report of <c>relay.test</c> on <c>example.test</c>.</summary>
internal static class SampleReport
{
    public const string Id = "20261122.example.test.7f3c21@relay.test";

    public static readonly byte[] Json = Encoding.UTF8.GetBytes("{\"report-id\":\"" + Id + "\",\"contact-info\":\"tls@relay.test\"}");

    public static TlsReportDocument Make(string policyDomain = "example.test", string summary = "Sessions: 3 good, 1 failed.\n\n  spaced  out \t\n") => new(
        Id, new DateOnly(2026, 11, 22), Names.Name(policyDomain), Json, Compress(Json), summary)
    {
        Submitter = Names.Name("relay.test"),
        Contact = "tls@relay.test",
    };

    private static byte[] Compress(byte[] octets)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(octets);
        }

        return packed.ToArray();
    }
}
