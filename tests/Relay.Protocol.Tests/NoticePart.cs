namespace Relay.Protocol.Tests;

/// <summary>A part of a notification.</summary>
/// <param name="ContentType">Its type with parameters; empty where none is given.</param>
/// <param name="Body">What stands below its header, without the CRLF before the next boundary.</param>
internal sealed record NoticePart(string ContentType, string Body);
