namespace Relay.Delivery.Probing;

/// <summary>Looks at MX hosts as delivery would see them, without sending mail.</summary>
public interface IMxProbe
{
    /// <summary>
    /// Opens a session with each of the first addresses of a host, asks for TLS and says QUIT. Every failure is a value; throws
    /// only <see cref="OperationCanceledException"/> when the caller cancels. Ends within about five minutes.
    /// </summary>
    Task<MxProbeResult> ProbeAsync(MxHost host, CancellationToken cancellationToken);
}
