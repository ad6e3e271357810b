namespace Relay.MtaSts.Evidence;

/// <summary>Hands evidence to every sink; callers ask <see cref="IsOpen"/> before they make any.</summary>
internal sealed class TlsReportSink(IEnumerable<ITlsReportSink> sinks)
{
    private readonly ITlsReportSink[] _sinks = [.. sinks];

    public bool IsOpen => _sinks.Length > 0;

    public void Add(TlsObservation evidence)
    {
        foreach (var sink in _sinks)
        {
            sink.Add(evidence);
        }
    }
}
