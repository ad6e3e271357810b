using Relay.Mail;

namespace Relay.TestKit;

/// <summary>Domain names out of a test's own constants.</summary>
internal static class Names
{
    public static DomainName Name(string text) =>
        DomainName.TryParse(text, out var name) ? name : throw new ArgumentException(text, nameof(text));
}
