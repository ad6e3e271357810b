namespace Relay.Delivery.Observations;

/// <summary>Hands observations to everybody who counts; callers ask <see cref="IsOpen"/> before they make one.</summary>
public sealed class TlsReportSink(IEnumerable<ITlsReportSink> sinks)
{
    private readonly ITlsReportSink[] _sinks = [.. sinks];

    /// <summary>Somebody counts.</summary>
    public bool IsOpen => _sinks.Length > 0;

    /// <summary>Hands an observation to everybody who counts.</summary>
    public void Add(TlsObservation observation)
    {
        foreach (var sink in _sinks)
        {
            sink.Add(observation);
        }
    }
}
