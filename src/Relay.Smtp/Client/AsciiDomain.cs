using System.Globalization;
using System.Text;

namespace Relay.Smtp.Client;

/// <summary>Writes domains for servers that take ASCII only.</summary>
internal static class AsciiDomain
{
    // RFC 5891 §4: U-labels are mapped and encoded; STD3 rules stay off, as in Relay.Dns, so that both see one name.
    private static readonly IdnMapping Idn = new() { AllowUnassigned = true, UseStd3AsciiRules = false };

    /// <summary>
    /// The domain with its U-labels as A-labels, ASCII ones untouched; false when there are none for it.
    /// </summary>
    public static bool TryMap(string domain, out string ascii)
    {
        ascii = domain;
        if (Ascii.IsValid(domain))
        {
            return true;
        }

        try
        {
            ascii = Idn.GetAscii(domain);
            return true;
        }
        catch (ArgumentException)
        {
            // IdnMapping has no Try form; a name it cannot map is input, not a fault of ours.
            return false;
        }
    }
}
