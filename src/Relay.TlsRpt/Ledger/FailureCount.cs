namespace Relay.TlsRpt.Ledger;

/// <summary>One failure-details entry.</summary>
internal readonly record struct FailureCount(FailureKey Failure, long Count);
