using System.Net;
using Relay.Dns;

namespace Relay.Delivery.Transport;

/// <summary>Where a connection leads: address, port, and the name that was asked for and verified.</summary>
internal readonly record struct PoolKey(IPAddress Address, int Port, DomainName ServerName);
