using System.Text;
using System.Text.Json;
using Relay.Dns;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Tests.Policies;

public sealed class StsRecordTests
{
    public static TheoryData<string> Cases => [.. Vectors.Read("sts-record.json").Select(row => row.Text("name"))];

    [Theory] // STS-03 to STS-10, RFC 8461 §3.1
    [MemberData(nameof(Cases))]
    public void RecordSet_OfVector_IsReadAsExpected(string name)
    {
        var row = Vectors.Read("sts-record.json").Single(candidate => candidate.Text("name") == name);
        var result = StsRecord.Parse([.. row.GetProperty("txts").EnumerateArray().Select(Txt)]);
        var expected = row.GetProperty("expect");
        switch (expected.Text("outcome"))
        {
            case "found":
                Assert.Equal(expected.Text("id"), Assert.IsType<StsRecordSet.Found>(result).Id);
                break;
            case "none":
                Assert.IsType<StsRecordSet.Absent>(result);
                break;
            case "multiple":
                Assert.IsType<StsRecordSet.Multiple>(result);
                break;
            default:
                Assert.IsType<StsRecordSet.Invalid>(result);
                break;
        }
    }

    [Theory] // RFC 8461 §3.1
    [InlineData("v=STSv1;", StsRecordFault.IdMissing, 8)]
    [InlineData("v=STSv1; id=a-b", StsRecordFault.IdMalformed, 9)]
    [InlineData("v=STSv1; id=a; =x", StsRecordFault.FieldMalformed, 15)]
    [InlineData("v=STSv1; id=a; x=", StsRecordFault.ValueMalformed, 15)]
    public void Record_Malformed_NamesFaultAndPlace(string record, StsRecordFault fault, int offset)
    {
        var invalid = Assert.IsType<StsRecordSet.Invalid>(StsRecord.ParseOne(Encoding.UTF8.GetBytes(record)));
        Assert.Equal((fault, offset), (invalid.Fault, invalid.Offset));
    }

    [Fact] // RFC 8461 §3.1: whatever a remote party publishes
    public void Record_TruncatedOrScrambled_NeverThrows()
    {
        var record = "v=STSv1; id=20240131T090000Z; note=x1;"u8.ToArray();
        for (var length = 0; length <= record.Length; length++)
        {
            StsRecord.ParseOne(record.AsSpan(0, length));
        }

        var random = new Random(8461);
        for (var round = 0; round < 20_000; round++)
        {
            var scrambled = (byte[])record.Clone();
            for (var hit = 0; hit < 3; hit++)
            {
                scrambled[random.Next(8, scrambled.Length)] = (byte)random.Next(256);
            }

            Assert.NotNull(StsRecord.ParseOne(scrambled) ?? new StsRecordSet.Absent());
        }
    }

    private static DnsRecord.Text Txt(JsonElement txt)
    {
        string[] strings = txt.ValueKind == JsonValueKind.Array
            ? [.. txt.EnumerateArray().Select(part => part.GetString()!)]
            : [txt.GetString()!];
        return new(DomainName.Root, TimeSpan.Zero, [.. strings.Select(part => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(part))]);
    }
}
