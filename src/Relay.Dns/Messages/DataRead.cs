namespace Relay.Dns.Messages;

/// <summary>What came of reading one record's data.</summary>
/// <param name="Kind">Whether there is a record.</param>
/// <param name="Record">The record; null unless it could be read.</param>
internal readonly record struct DataRead(DataKind Kind, DnsRecord? Record)
{
    public static DataRead Broken => default;

    public static DataRead OtherType => new(DataKind.OtherType, null);

    public static DataRead Unusable => new(DataKind.Unusable, null);

    public static DataRead Of(DnsRecord record) => new(DataKind.Record, record);
}
