using System.Security.Authentication;
using Relay.Mail;

namespace Relay.Https;

/// <summary>
/// Turns an exception of an HTTPS exchange into words for people: the cause, and never "see inner exception" or "an error occurred
/// while sending the request".
/// </summary>
public static class WebFailure
{
    /// <summary>One line; the connection is named by who asks, except where there was none.</summary>
    public static string TextOf(Exception failure) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } request when Find<IOException>(request) is { } none =>
            none.Message,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } request =>
            HandshakeFailure.TextOf(request.InnerException ?? request),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
            $"the header of the answer is larger than {WebHandler.MaxHeadersLength} KiB",
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => Ended,
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => Ended,
        _ when SocketFailure.In(failure) is { } fault => SocketFailure.TextOf(fault),
        _ when Find<AuthenticationException>(failure) is { } broken => HandshakeFailure.TextOf(broken),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } or HttpIOException =>
            $"what the host sent is no HTTP: {OneLine(Innermost(failure))}",
        _ => $"the exchange broke off: {OneLine(Innermost(failure))}",
    };

    private const string Ended = "the host closed the connection before the end of its answer";

    private static T? Find<T>(Exception? failure)
        where T : Exception
    {
        while (failure is not null and not T)
        {
            failure = failure.InnerException;
        }

        return (T?)failure;
    }

    private static Exception Innermost(Exception failure)
    {
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        return failure;
    }

    private static string OneLine(Exception failure) => failure.Message.ReplaceLineEndings(" ");
}
