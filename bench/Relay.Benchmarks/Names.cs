using Relay.Mail;

namespace Relay.Benchmarks;

/// <summary>Domain names of the samples.</summary>
internal static class Names
{
    public static DomainName Of(string text) =>
        DomainName.TryParse(text, out var name) ? name : throw new ArgumentException(text, nameof(text));
}
