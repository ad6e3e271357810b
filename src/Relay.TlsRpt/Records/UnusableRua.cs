namespace Relay.TlsRpt.Records;

/// <summary>A URI of a <c>rua</c> list that no report goes to.</summary>
/// <param name="Text">Its beginning, a remote party's text.</param>
/// <param name="Fault">Why.</param>
public sealed record UnusableRua(string Text, TlsRptUriFault Fault);
