namespace Relay.Queue.Recovery;

/// <summary>Tells rows apart. Later versions of the schema add columns at the end, and rows of earlier ones have fewer.</summary>
internal static class RowKinds
{
    // As QueueSchema has them: i integer, t text, o octets, n null (a rowid under its own name), capitals may be null.
    private const string Message = "nitiiiTTiio";
    private const string Recipient = "iiitiiitiTITT";
    private const string Chunk = "iio";
    private const string Report = "nti";
    private const string Setting = "ti";

    /// <summary>The table of a row.</summary>
    public static RowKind Of(in PageRows.Row row) => (row.IsTable, row.Values.Length) switch
    {
        (true, >= 11) when Fits(row.Values, Message) => RowKind.Message,
        (false, >= 13) when Fits(row.Values, Recipient) => RowKind.Recipient,
        (true, 3) when Fits(row.Values, Chunk) => RowKind.Chunk,
        (true, 3) when Fits(row.Values, Report) => RowKind.Report,
        (true, 2) when Fits(row.Values, Setting) => RowKind.Setting,
        _ => RowKind.Other,
    };

    private static bool Fits(object?[] values, string shape)
    {
        for (var column = 0; column < shape.Length; column++)
        {
            var fits = (shape[column], values[column]) switch
            {
                ('i' or 'I', long) or ('t' or 'T', string) or ('o', byte[]) => true,
                ('n' or 'I' or 'T', null) => true,
                _ => false,
            };
            if (!fits)
            {
                return false;
            }
        }

        return true;
    }
}
