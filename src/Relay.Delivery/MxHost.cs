using System.Net;
using Relay.Delivery.Routing;
using Relay.Mail;

namespace Relay.Delivery;

/// <summary>One host of an attempt, in the order of trial, with what is demanded of it.</summary>
public sealed class MxHost
{
    /// <summary>Makes a host known by name.</summary>
    public MxHost(DomainName name, int preference, int port)
    {
        Name = name;
        Preference = preference;
        Port = port;
    }

    /// <summary>Makes a host known by address only: an address literal (RFC 5321 §4.1.3).</summary>
    public MxHost(IPAddress address, int port)
    {
        LiteralAddress = address;
        Port = port;
    }

    /// <summary>
    /// The name as the MX record published it, no alias followed: what policies match, SNI carries and the certificate
    /// must bear (RFC 8461 §4.1). The root for an address literal.
    /// </summary>
    public DomainName Name { get; }

    /// <summary>The address of an address literal; null for hosts known by name.</summary>
    public IPAddress? LiteralAddress { get; }

    /// <summary>The MX preference, lowest first; 0 for an implicit MX or a fixed next hop (RFC 5321 §5.1).</summary>
    public int Preference { get; }

    /// <summary>The TCP port.</summary>
    public int Port { get; }

    /// <summary>The operator named it as a next hop: it may be inside the operator's own network.</summary>
    internal bool IsNextHop { get; init; }

    /// <summary>The account to authenticate with there; null for none.</summary>
    internal RouteLogin? Login { get; init; }

    /// <summary>
    /// Only public addresses of the host will do, whatever <see cref="DeliveryOptions.AllowPrivateHosts"/> says; a next hop may be anywhere.
    /// </summary>
    public bool MustBePublic { get; private set; }

    /// <summary>What TLS this host must give.</summary>
    public TlsRequirement Requirement { get; private set; }

    /// <summary>Why this host is not to be connected to; null while it may be tried.</summary>
    public HostRefusal? Refusal { get; private set; }

    /// <summary>Raises the requirement; demands add up, so a lower one changes nothing.</summary>
    public void Require(TlsRequirement requirement)
    {
        if (requirement > Requirement)
        {
            Requirement = requirement;
        }
    }

    /// <summary>See <see cref="MustBePublic"/>.</summary>
    public void RequirePublicAddress() => MustBePublic = true;

    /// <summary>Refuses the host before any connection; the first reason stands.</summary>
    public void Refuse(HostRefusal refusal) => Refusal ??= refusal;

    /// <summary>The name, or the address in brackets.</summary>
    public override string ToString() => LiteralAddress is null ? Name.ToString() : $"[{LiteralAddress}]";
}
