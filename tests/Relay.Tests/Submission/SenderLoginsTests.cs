using Relay.Configuration;
using Relay.Mail;
using Relay.Submission;

namespace Relay.Tests.Submission;

/// <summary>Which reverse-paths are an account's own (RFC 6409 §6.1).</summary>
public sealed class SenderLoginsTests
{
    [Theory] // SUB-06
    [InlineData("nick@corp.test", "nick@corp.test", true)]
    [InlineData("nick@corp.test", "NICK@Corp.Test", true)]
    [InlineData("Nick@Corp.Test", "nICK@corp.test", true)]
    [InlineData("jörg@corp.test", "JÖRG@corp.test", true)]
    [InlineData("ΣΩ@corp.test", "σω@corp.test", true)]
    // Letters that have one of these for their other case, and are others on every mail server.
    [InlineData("nick@corp.test", "nic\u212A@corp.test", false)]
    [InlineData("nic\u212A@corp.test", "nick@corp.test", false)]
    [InlineData("ross@corp.test", "ro\u017Fs@corp.test", false)]
    [InlineData("\u00E5sa@corp.test", "\u212Bsa@corp.test", false)]
    [InlineData("\u03C9@corp.test", "\u2126@corp.test", false)]
    [InlineData("i@corp.test", "\u0130@corp.test", false)]
    [InlineData("i@corp.test", "\u0131@corp.test", false)]
    [InlineData("stra\u00DFe@corp.test", "stra\u1E9Ee@corp.test", false)]
    [InlineData("nick@corp.test", "\uFF4Eick@corp.test", false)]
    public void Allows_LocalPart_ByLetterCaseAlone(string listed, string path, bool allowed)
    {
        var logins = new SenderLogins([new SenderLoginOptions { Login = "nick", Addresses = [listed] }]);
        var at = path.LastIndexOf('@');
        Assert.Equal(allowed, logins.Allows("nick", new ReversePath(new Mailbox(path[..at], path[(at + 1)..]))));
    }
}
