using System.Net.Sockets;

namespace Relay.Mail;

/// <summary>Says what a failure of the network means, in the same words on every system.</summary>
public static class SocketFailure
{
    /// <summary>The failure of the network behind an exception; null when there is none.</summary>
    public static SocketException? In(Exception? error)
    {
        while (error is not null and not SocketException)
        {
            error = error.InnerException;
        }

        return (SocketException?)error;
    }

    /// <summary>The failure in words, on one line.</summary>
    public static string TextOf(SocketException fault) => fault.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset or SocketError.Shutdown => "the connection was reset",
        SocketError.ConnectionAborted => "the connection was cut off",
        SocketError.TimedOut => "no answer from the host",
        SocketError.HostUnreachable => "no route to the host",
        SocketError.NetworkUnreachable => "no route to the network",
        SocketError.AddressFamilyNotSupported => "this machine does not speak this kind of address",
        _ => fault.Message.ReplaceLineEndings(" "),
    };
}
