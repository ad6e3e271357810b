using System.Globalization;
using System.Net;

namespace Relay.Configuration;

/// <summary>One entry of <c>Relay:Listeners</c>.</summary>
internal sealed class ListenerOptions
{
    // RFC 5321 §4.5.4.2: the port of relays; whoever speaks there is taken for one, and its messages are not repaired.
    private const int RelayPort = 25;

    /// <summary>Address and port: <c>0.0.0.0:25</c>, <c>[::]:587</c>; port 0 takes a free one.</summary>
    public string Address { get; init; } = "127.0.0.1:2525";

    /// <summary>How TLS is offered.</summary>
    public ListenerTls Tls { get; init; } = ListenerTls.StartTls;

    /// <summary>MAIL needs authentication, from trusted networks too.</summary>
    public bool RequireAuth { get; init; }

    /// <summary>
    /// Clients here submit new messages: a missing Date or Message-ID is added (RFC 6409 §8). By default so everywhere
    /// but on port 25, where other relays hand on messages that are not ours to repair (RFC 5321 §6.4).
    /// </summary>
    public bool? Submission { get; init; }

    /// <summary>Whether messages are repaired here.</summary>
    public bool IsSubmission => Submission ?? (TryGetEndPoint(out var endPoint) && endPoint.Port != RelayPort);

    /// <summary>Reads <see cref="Address"/>; the port has to be named.</summary>
    public bool TryGetEndPoint(out IPEndPoint endPoint)
    {
        endPoint = new IPEndPoint(IPAddress.None, 0);
        var colon = Address.LastIndexOf(':');
        if (colon <= 0
            || !int.TryParse(Address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port > IPEndPoint.MaxPort
            || !IPAddress.TryParse(Address.AsSpan(0, colon), out var address))
        {
            return false;
        }

        endPoint = new IPEndPoint(address, port);
        return true;
    }
}
