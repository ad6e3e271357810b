namespace Relay.Delivery.Observations;

/// <summary>Takes observations for TLS reports. Without one registered, none is gathered.</summary>
public interface ITlsReportSink
{
    /// <summary>
    /// Takes one piece. Called from many threads on the way of mail: returns at once and never throws.
    /// </summary>
    void Add(TlsObservation observation);
}
