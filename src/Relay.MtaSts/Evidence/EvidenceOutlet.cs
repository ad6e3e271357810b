namespace Relay.MtaSts.Evidence;

/// <summary>Hands evidence to every sink; callers ask <see cref="IsOpen"/> before they make any.</summary>
internal sealed class EvidenceOutlet(IEnumerable<ITlsEvidenceSink> sinks)
{
    private readonly ITlsEvidenceSink[] _sinks = [.. sinks];

    public bool IsOpen => _sinks.Length > 0;

    public void Add(TlsEvidence evidence)
    {
        foreach (var sink in _sinks)
        {
            sink.Add(evidence);
        }
    }
}
