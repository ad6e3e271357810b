using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Relay.Fuzz.Tests.Smtp;

/// <summary>The grammar of mailboxes written down a second time, plainly and slowly (RFC 5321 §4.1.2, RFC 6531 §3.3).</summary>
internal static partial class PlainPath
{
    public static bool IsLocalPart(string text) => DotString().IsMatch(text) || QuotedString().IsMatch(text);

    public static bool IsDomain(string text)
    {
        if (text is not ['[', .., ']'])
        {
            return Domain().IsMatch(text);
        }

        var inner = text[1..^1];
        return inner.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase)
            ? !inner.Contains('%', StringComparison.Ordinal) && IPAddress.TryParse(inner[5..], out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
            : inner.Split('.') is { Length: 4 } numbers && numbers.All(number => Number().IsMatch(number) && int.Parse(number, null) <= 255);
    }

    [GeneratedRegex(@"\A[\w!#$%&'*+\-/=?^`{|}~\u0080-\uFFFF]+(\.[\w!#$%&'*+\-/=?^`{|}~\u0080-\uFFFF]+)*\z")]
    private static partial Regex DotString();

    [GeneratedRegex(@"\A""([ !#-\[\]-~\u0080-\uFFFF]|\\[ -~])*""\z")]
    private static partial Regex QuotedString();

    [GeneratedRegex(@"\A(?!-)[A-Za-z0-9\-\u0080-\uFFFF]+(?<!-)(\.(?!-)[A-Za-z0-9\-\u0080-\uFFFF]+(?<!-))*\z")]
    private static partial Regex Domain();

    [GeneratedRegex(@"\A[0-9]{1,3}\z")]
    private static partial Regex Number();
}
