using System.Net.Sockets;

namespace Relay.Delivery.Transport;

/// <summary>A connected socket, the receiver's to dispose, or why there is none.</summary>
internal readonly record struct DialResult(Socket? Socket, string Detail);
